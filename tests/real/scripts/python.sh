exec /usr/bin/python3 $WHAT
