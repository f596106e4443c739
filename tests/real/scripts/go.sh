./program $WHAT a b
