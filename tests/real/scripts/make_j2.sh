cd project; make -j2 check; make -j2; make clean; ls; make -j2 -s; ./program; make nothing; echo $?
