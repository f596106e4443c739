openssl rand -hex 32 >random
wc -c random
openssl genrsa -out key.pem 2048 2>/dev/null
openssl rsa -in key.pem -check -noout
openssl rsa -in key.pem -pubout -out public.pem 2>/dev/null
openssl dgst -sha256 lines
openssl dgst -sha256 -sign key.pem -out signature lines
openssl dgst -sha256 -verify public.pem -signature signature lines
openssl enc -aes-256-cbc -pbkdf2 -pass pass:secret -in lines -out encrypted
openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:secret -in encrypted | cmp - lines
openssl req -x509 -key key.pem -subj /CN=localhost -days 2 -out certificate.pem
openssl x509 -in certificate.pem -noout -subject
openssl ecparam -name prime256v1 -genkey -noout -out ec.pem
openssl ec -in ec.pem -noout -check 2>&1
