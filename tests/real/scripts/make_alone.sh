cd project; make check; make -n clean; touch main.c; make; make -q; echo $?
