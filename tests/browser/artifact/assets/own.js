// What an artifact's page may do on its own origin; `own()` tells how it went.
import { answer } from "./chart.js";

const WASM = "AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=";

function store() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("notes", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("notes");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => resolve(opening.result);
  });
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

window.remember = async (note) => {
  localStorage.setItem("note", note);
  document.cookie = `note=${note}`;
  document.cookie = `wide=${note}; domain=localhost; path=/`;
  const database = await store();
  await done(database.transaction("notes", "readwrite").objectStore("notes").put(note, "note"));
  database.close();
};

window.recall = async () => {
  const database = await store();
  const note = await done(database.transaction("notes").objectStore("notes").get("note"));
  database.close();
  return { localStorage: localStorage.getItem("note"), indexedDB: note ?? null, cookie: document.cookie };
};

window.own = async () => {
  const worker = new Worker("assets/worker.js");
  const answered = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = () => reject(new Error("the worker failed"));
  });
  worker.postMessage("data");
  const bytes = Uint8Array.from(atob(WASM), (character) => character.charCodeAt(0));
  return {
    module: answer,
    later: (await import("./later.js")).later,
    fetched: (await (await fetch("data.json")).json()).name,
    worker: await answered,
    style: getComputedStyle(document.querySelector("h1")).color,
    wasm: (await WebAssembly.instantiate(bytes)).instance.exports.add(40, 2),
    evaluated: new Function("return 6 * 7")(),
    drawing: await new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve(image.width);
      image.onerror = () => resolve("it cannot be shown");
      image.src = "drawing.svg";
    }),
    opener: window.opener,
    secure: isSecureContext,
  };
};
