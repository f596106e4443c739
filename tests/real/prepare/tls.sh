# A key, its certificate, and something to serve.
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=localhost -days 2 \
    -out certificate.pem 2>/dev/null
head -c 300000 /dev/zero | tr '\0' x >page
