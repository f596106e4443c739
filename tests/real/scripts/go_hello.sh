./program hello a b
