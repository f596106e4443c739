const child = require("child_process");
const crypto = require("crypto");
const fs = require("fs");

console.log("hello", [3, 1, 2].sort(), new Map([["a", 1]]));
fs.writeFileSync("written", "by node\n");
console.log(fs.readFileSync("written", "utf8").trim());
console.log(crypto.randomBytes(8).length, Math.random() < 1);
console.log(child.execSync("echo child").toString().trim());
fs.promises.readFile("written").then((data) => {
  console.log(data.length);
  setTimeout(() => {
    console.log("later");
    process.exitCode = 3;
  }, 30);
});
