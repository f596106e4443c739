node $OPTIONS hello.js
