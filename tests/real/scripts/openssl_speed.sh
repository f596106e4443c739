openssl speed -seconds 1 -bytes 16 sha256 2>/dev/null | grep -c '^sha256'
