./timers "$WHAT" 800 | wc -c
