for program in musl_static musl_dynamic glibc_static glibc_static_pie; do
    ./$program x
    echo "status $?"
done
