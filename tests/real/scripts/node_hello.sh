node --single-threaded hello.js
