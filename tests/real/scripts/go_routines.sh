./program routines
