const http = require("http");

const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    response.end(JSON.stringify({ path: request.url, length: body.length }) + "\n");
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1");
process.on("SIGTERM", () => {
  server.close(() => {
    console.log("closed");
    process.exit(0);
  });
});
