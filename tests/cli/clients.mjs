// The clients for Node against a server; clients_test.py runs it:
//   node clients.mjs URL QUESTION START_OF_THE_ANSWER
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { createDeepSeek } from "@ai-sdk/deepseek";
import { generateText, jsonSchema, streamText, tool } from "ai";
import OpenAI from "openai";

const [url, question, answer] = process.argv.slice(2);
const messages = [{ role: "user", content: question }];
const expectAnswer = (text) => assert.ok(text.startsWith(answer), text);
const parameters = {
  type: "object",
  properties: { city: { type: "string", maxLength: 20 } },
  required: ["city"],
  additionalProperties: false,
};

async function openai() {
  const client = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0 });
  const reply = await client.chat.completions.create({
    model: "smollm2", messages, temperature: 0, max_tokens: 30,
  });
  expectAnswer(reply.choices[0].message.content);
  const stream = await client.chat.completions.create({
    model: "smollm2", messages, temperature: 0, max_tokens: 30, stream: true,
  });
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
  assert.equal(text, reply.choices[0].message.content);
  const called = await client.chat.completions.create({
    model: "smollm2", messages, temperature: 0, max_tokens: 100, tool_choice: "required",
    parallel_tool_calls: false,
    tools: [{ type: "function", function: { name: "weather", parameters, strict: true } }],
  });
  assert.equal(called.choices[0].message.tool_calls[0].function.name, "weather");
  await assert.rejects(
    client.chat.completions.create({ model: "gpt-4", messages }),
    (error) => error instanceof OpenAI.BadRequestError && error.param === "model",
  );
}

async function anthropic() {
  const client = new Anthropic({ baseURL: `${url}/anthropic`, apiKey: "none", maxRetries: 0 });
  const reply = await client.messages.create({
    model: "smollm2", max_tokens: 30, messages, temperature: 0,
  });
  expectAnswer(reply.content[0].text);
  const stream = client.messages.stream({ model: "smollm2", max_tokens: 30, messages, temperature: 0 });
  assert.equal((await stream.finalMessage()).content[0].text, reply.content[0].text);
}

async function vercel() {
  const deepseek = createDeepSeek({ baseURL: url, apiKey: "none" });
  const settings = { model: deepseek("smollm2"), messages, temperature: 0, maxOutputTokens: 30, maxRetries: 0 };
  const reply = await generateText(settings);
  expectAnswer(reply.text);
  let text = "";
  for await (const piece of streamText(settings).textStream) text += piece;
  assert.equal(text, reply.text);
  const called = await generateText({
    ...settings,
    maxOutputTokens: 100,
    toolChoice: "required",
    tools: { weather: tool({ description: "The weather", inputSchema: jsonSchema(parameters) }) },
  });
  assert.equal(called.toolCalls[0].toolName, "weather");
}

for (const test of [openai, anthropic, vercel]) {
  await test();
  console.log(`${test.name}: ok`);
}
