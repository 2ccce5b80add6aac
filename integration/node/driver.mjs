// Drives the official Node client for sdk_node_test.go: one call a line on
// stdin, as JSON (sdkCall there), and what an application sees of it a line on
// stdout (sighting). The client has its defaults but for address and key.
import { createInterface } from 'node:readline';
import OpenAI, { toFile } from 'openai';

const [key, prompt, dimensions] = process.argv.slice(2);

const messages = [{ role: 'user', content: prompt }];
const embedding = { input: prompt, dimensions: Number(dimensions) };

const piece = (saw, text) => {
  if (text) {
    saw.text += text;
    saw.pieces++;
  }
};

const operations = {
  async chat(client, model, saw) {
    const out = await client.chat.completions.create({ model, messages });
    saw.text = out.choices[0].message.content;
    saw.tokens = out.usage.total_tokens;
  },
  async 'chat stream'(client, model, saw) {
    const stream = await client.chat.completions.create({
      model, messages, stream: true, stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      saw.tokens = chunk.usage?.total_tokens ?? saw.tokens;
      chunk.choices.forEach((choice) => piece(saw, choice.delta.content));
    }
  },
  async response(client, model, saw) {
    const out = await client.responses.create({ model, input: prompt });
    saw.text = out.output_text;
    saw.tokens = out.usage.total_tokens;
  },
  async 'response stream'(client, model, saw) {
    const stream = await client.responses.create({ model, input: prompt, stream: true });
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') piece(saw, event.delta);
      if (event.type === 'response.completed') saw.tokens = event.response.usage.total_tokens;
    }
  },
  async embedding(client, model, saw) {
    const out = await client.embeddings.create({ model, ...embedding });
    saw.length = out.data[0].embedding.length;
    saw.tokens = out.usage.total_tokens;
  },
  async models(client, model, saw) {
    for await (const found of client.models.list()) saw.models.push(found.id);
  },
  async model(client, model, saw) {
    saw.models.push((await client.models.retrieve(model)).id);
  },
  async file(client, model, saw) {
    const file = await toFile(Buffer.from(prompt), 'input.jsonl');
    saw.file = (await client.files.create({ file, purpose: 'batch' })).id;
  },
};

const mishap = (err) => ({
  class: err.constructor.name,
  status: err.status ?? 0,
  code: err.code == null ? '' : String(err.code),
  type: err.type ?? '',
  message: err.error?.message ?? err.message,
  header: Object.fromEntries(err.headers ?? []),
});

for await (const line of createInterface({ input: process.stdin })) {
  const { url, op, model, timeout_ms: timeout } = JSON.parse(line);
  const saw = { text: '', pieces: 0, tokens: 0, models: [], file: '', length: 0, requests: 0, target: '', attempts: '', error: null };
  const counting = async (...request) => {
    if (!String(request[0]).startsWith(url)) return fetch(...request); // before an upload it fetches "data:,", to try fetch
    saw.requests++;
    const resp = await fetch(...request);
    saw.target = resp.headers.get('recloser-target') ?? '';
    saw.attempts = resp.headers.get('recloser-attempts') ?? '';
    return resp;
  };
  const client = new OpenAI({ baseURL: url, apiKey: key, fetch: counting, ...(timeout ? { timeout } : {}) });
  try {
    await operations[op](client, model, saw);
  } catch (err) {
    saw.error = mishap(err);
  }
  console.log(JSON.stringify(saw));
}
