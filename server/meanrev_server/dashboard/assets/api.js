// Requests to this server. The token stays in this tab, and travels in a header, which no other page can make a browser send.

const KEY = "meanrev-token";

export class Refused extends Error {
  constructor(error, status) {
    super(error.message);
    this.status = status;
    this.field = error.field ?? "";
  }
}

export const token = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (text) => sessionStorage.setItem(KEY, text),
  forget: () => sessionStorage.removeItem(KEY),
};

async function send(name, body, signal) {
  const headers = {};
  if (token.get()) headers.authorization = `Bearer ${token.get()}`;
  const asked = { headers, signal, cache: "no-store" };
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    Object.assign(asked, { method: "POST", body: JSON.stringify(body) });
  }
  const answer = await fetch(`api/${name}`, asked);
  if (answer.ok) return answer;
  const text = await answer.text();
  let error = { message: text || `the server answered with status ${answer.status}` };
  try {
    error = JSON.parse(text).error;
  } catch { /* it is not ours, such as that of too many connections */ }
  if (answer.status === 401) {
    const detail = token.get() ? error.message : "This server asks for a token.";
    document.dispatchEvent(new CustomEvent("token-needed", { detail }));
  }
  throw new Refused(error, answer.status);
}

export async function ask(name, body, signal) {
  return (await send(name, body, signal)).json();
}

// Calls take(event, content) for each server-sent event. EventSource cannot send a token, so the frames are read here.
export async function follow(name, body, take, signal) {
  const answer = await send(name, body, signal);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const frames = (rest + value).split("\n\n");
    rest = frames.pop();
    for (const frame of frames) {
      const [event, data] = frame.split("\n");
      const content = JSON.parse(data.slice("data: ".length));
      if (event === "event: error") throw new Refused(content, 200);
      take(event.slice("event: ".length), content);
    }
  }
}

export const ended = (error) => error.name === "AbortError";
