mysql_install_db --no-defaults --datadir="$PWD/data" --auth-root-authentication-method=normal >install.log 2>&1
