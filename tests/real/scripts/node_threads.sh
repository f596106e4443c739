node hello.js
