./program
