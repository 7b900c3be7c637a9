const lines = require("fs").readFileSync(0, "utf8").split("\n");
const count = Number(lines[0]);
for (let i = 1; i <= count; i++) {
  const [date, time, minutes] = lines[i].trim().split(" ");
  const departure = Date.parse(`${date}T${time}:00Z`);
  const arrival = new Date(departure + Number(minutes) * 60000).toISOString();
  console.log(arrival.slice(0, 10) + " " + arrival.slice(11, 16));
}
