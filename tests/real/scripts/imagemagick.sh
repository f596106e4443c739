export OMP_NUM_THREADS=4
options=(-define png:exclude-chunks=date,time)
convert -size 600x600 gradient:red-blue -blur 0x5 -resize 50% -rotate 30 "${options[@]}" out.png
convert out.png -colorspace gray -edge 2 "${options[@]}" edges.png
identify -format '%w %h %#\n' edges.png
