source=testsrc=size=320x240:rate=25
options=(-v error -nostdin -fflags +bitexact -flags +bitexact)
ffmpeg "${options[@]}" -f lavfi -i $source -t 2 -c:v mpeg4 -threads 4 made.avi
ffmpeg "${options[@]}" -threads 3 -i made.avi -f framemd5 - | md5sum
