javac ./*.java
rm ./*.java
