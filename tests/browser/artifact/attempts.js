// Ways to send a request to an address, or to read what is there. Each tells what came of it: "refused" where
// the browser said so, else what could be read.
"use strict";

const refused = () => "refused";

function loaded(element, url, property = "src") {
  return new Promise((resolve) => {
    element.onload = () => resolve("loaded");
    element.onerror = () => resolve("refused");
    element[property] = url;
    document.head.append(element);
  });
}

function make(tag, attributes = {}) {
  return Object.assign(document.createElement(tag), attributes);
}

function frame(attributes) {
  const made = make("iframe", attributes);
  return new Promise((resolve) => {
    made.onload = () => resolve(made);
    document.body.append(made);
  });
}

// The first thing that a worker says.
function heard(worker) {
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = () => resolve("refused");
  });
}

// The first thing that the page in a frame says.
function told(attributes) {
  const made = make("iframe", attributes);
  return new Promise((resolve) => {
    window.addEventListener("message", ({ data, source }) => source === made.contentWindow && resolve(data));
    document.body.append(made);
  });
}

// A document that fetches the address by itself and tells its parent what came of it.
const page = (url) =>
  `<script>fetch("${url}").then((r) => r.text(), () => "refused").then((t) => parent.postMessage(t, "*"))<\/script>`;

const working = (url) =>
  `fetch("${url}").then((r) => r.text(), () => "refused").then(postMessage)`;

let forms = 0;

// A form that is sent into a frame.
async function sent(url, enctype) {
  const name = `answer ${++forms}`;
  const made = make("form", { method: "post", action: url, target: name, enctype });
  made.append(make("input", { name: '{"title": "Forged", "a": "', value: '"}' }));
  document.body.append(made);
  const answered = await frame({ name });
  return new Promise((resolve) => {
    answered.onload = () => resolve("refused");
    made.submit();
  });
}

window.attempts = {
  fetch: (url) => fetch(url).then((r) => r.text(), refused),
  fetch_without_cors: (url) => fetch(url, { mode: "no-cors" }).then((r) => r.type, refused),
  post: (url) => fetch(url, { method: "POST", mode: "no-cors" }).then((r) => r.type, refused),
  post_text: (url) =>
    fetch(url, { method: "POST", mode: "no-cors", body: '{"title": "Forged"}' }).then((r) => r.type, refused),
  post_json: (url) =>
    fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"title": "Forged", "name": "forged", "content": "Forged", "description": "Forged"}',
    }).then((r) => r.text(), refused),
  upload: (url) => {
    const body = new FormData();
    body.append("file", new Blob(["forged"]), "forged.txt");
    return fetch(url, { method: "POST", mode: "no-cors", body }).then((r) => r.type, refused);
  },
  xhr: (url) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.onload = () => resolve(request.responseText);
      request.onerror = () => resolve("refused");
      request.open("GET", url);
      request.send();
    }),
  image: (url) => loaded(make("img"), url),
  script: (url) => loaded(make("script"), url),
  module: (url) => import(url).then(() => "loaded", refused),
  style: (url) => loaded(make("link", { rel: "stylesheet" }), url, "href"),
  prefetch: (url) => loaded(make("link", { rel: "prefetch" }), url, "href"),
  font: (url) => new FontFace("Foreign", `url("${url}")`).load().then(() => "loaded", refused),
  video: (url) => {
    const video = make("video");
    return new Promise((resolve) => {
      video.onerror = video.onloadeddata = () => resolve("refused");
      video.src = url;
    });
  },
  frame: async (url) => {
    const made = await frame({ src: url });
    try {
      return made.contentDocument ? made.contentDocument.body.textContent || "refused" : "refused";
    } catch {
      return "refused";
    }
  },
  written_frame: (url) => told({ srcdoc: page(url) }),
  data_frame: (url) => told({ src: `data:text/html,${encodeURIComponent(page(url))}` }),
  blob_frame: (url) => told({ src: URL.createObjectURL(new Blob([page(url)], { type: "text/html" })) }),
  form: (url) => sent(url, "application/x-www-form-urlencoded"),
  form_as_text: (url) => sent(url, "text/plain"),
  websocket: (url) =>
    new Promise((resolve) => {
      try {
        const socket = new WebSocket(url.replace("http", "ws"));
        socket.onopen = () => resolve("opened");
        socket.onerror = () => resolve("refused");
      } catch {
        resolve("refused");
      }
    }),
  events: (url) =>
    new Promise((resolve) => {
      const source = new EventSource(url);
      source.onopen = () => resolve("opened");
      source.onerror = () => (source.close(), resolve("refused"));
    }),
  beacon: async (url) => {
    navigator.sendBeacon(url, new Blob(['{"title": "Forged"}'], { type: "text/plain" }));
    return "refused";
  },
  kept_alive: (url) => fetch(url, { method: "POST", keepalive: true, mode: "no-cors" }).then((r) => r.type, refused),
  worker: (url) => heard(new Worker(URL.createObjectURL(new Blob([working(url)], { type: "text/javascript" })))),
  data_worker: (url) => heard(new Worker(`data:text/javascript,${encodeURIComponent(working(url))}`)),
  imported_script: (url) =>
    heard(
      new Worker(
        URL.createObjectURL(
          new Blob([`try { importScripts("${url}"); postMessage("loaded") } catch { postMessage("refused") }`]),
        ),
      ),
    ),
};

function inTime(attempt) {
  return Promise.race([
    attempt.catch(refused),
    new Promise((resolve) => setTimeout(resolve, 2_000, "no answer")),
  ]);
}

// What all attempts came to, by their names, each of which takes the place of {} in the address.
window.attemptAll = async (url) => {
  const names = Object.keys(attempts);
  const told = await Promise.all(names.map((name) => inTime(attempts[name](url.replace("{}", name)))));
  return Object.fromEntries(names.map((name, n) => [name, told[n]]));
};
