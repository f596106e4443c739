dd if=lines of=copy bs=1 count=3000 status=none
dd if=lines bs=512 skip=3 count=7 conv=ucase status=none | md5sum
dd if=/dev/zero of=copy bs=100 seek=5 count=2 conv=notrunc status=none
dd if=/dev/zero of=sparse bs=4096 seek=100 count=1 status=none
dd if=lines of=appended oflag=append conv=notrunc status=none
dd if=lines of=/dev/null bs=4096 2>&1 | sed 's/copied.*/copied/'
