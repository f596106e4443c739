./program http
