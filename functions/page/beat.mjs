// A worker that beats once a second. A browser slows down the timers of a page that nobody looks at,
// but not those of its workers.

setInterval(() => postMessage(null), 1000);
