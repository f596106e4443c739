true
false
echo $?
(exit 5)
echo $?
exit 7
