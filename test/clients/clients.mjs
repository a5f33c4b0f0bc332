// Sends one record after another through the clients that most people use, so that a server can look at what arrives.
//   node clients.mjs MODULES BASE_URL API
// Before each operation the server is told its name: GET /__begin/NAME.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, base, api] = process.argv.slice(2);
const require = createRequire(path.join(modules, "x.js"));

const hubspot = () => {
  const { Client } = require("@hubspot/api-client");
  const { companies, tickets } = new Client({ accessToken: "dummy-token", basePath: base }).crm;
  const properties = { name: "Rossi Srl", city: "Roma" };
  return {
    "upsert of one": () =>
      companies.batchApi.upsert({ inputs: [{ idProperty: "erp_code", id: "C 1/2", objectWriteTraceId: "k", properties }] }),
    create: () => tickets.basicApi.create({ properties: { subject: "Limit", erp_code: "C1" }, associations: [] }),
    update: () => companies.basicApi.update("42", { properties }),
    archive: () => companies.basicApi.archive("42"),
    find: () => companies.basicApi.getById("C 1", undefined, undefined, undefined, undefined, "erp_code"),
  };
};

const salesforce = () => {
  const jsforce = require("@jsforce/jsforce-node");
  const connection = new jsforce.Connection({ instanceUrl: base, accessToken: "dummy-token", version: "61.0" });
  const account = connection.sobject("Account");
  return {
    "upsert of one": () => account.upsert({ Erp_Code__c: "C 1", Name: "Rossi Srl" }, "Erp_Code__c"),
    "upsert of three": () =>
      account.upsert(
        [
          { Erp_Code__c: "C001", Name: "Rossi Srl" },
          { Erp_Code__c: "C002", Name: "Bianchi Spa" },
          { Erp_Code__c: "C003", Name: "Verdi Snc" },
        ],
        "Erp_Code__c",
      ),
  };
};

const zendesk = () => {
  const client = require("node-zendesk").createClient({ username: "a@example.com", token: "dummy", endpointUri: `${base}/api/v2` });
  return {
    "create a ticket": () => client.tickets.create({ ticket: { subject: "Limit", comment: { body: "500" }, external_id: "C1" } }),
    "update a ticket": () => client.tickets.update(42, { ticket: { subject: "Limit" } }),
    "delete a ticket": () => client.tickets.delete(42),
    "upsert a user": () => client.users.createOrUpdate({ user: { name: "Ada", external_id: "C1" } }),
    "upsert an organization": () => client.organizations.createOrUpdate({ organization: { name: "Rossi Srl", external_id: "C1" } }),
  };
};

const whatsapp = async () => {
  const entry = path.join(modules, "@kapso/whatsapp-cloud-api/dist/index.js");
  const { WhatsAppClient } = await import(pathToFileURL(entry));
  const { messages } = new WhatsAppClient({ accessToken: "dummy-token", baseUrl: base, graphVersion: "v23.0" });
  const to = { phoneNumberId: "106540352242922", to: "+393331234567" };
  const template = (components) => messages.sendTemplate({ ...to, template: { name: "order_shipped", language: { code: "it" }, components } });
  const texts = (...values) => values.map((text) => ({ type: "text", text }));
  return {
    text: () => messages.sendText({ ...to, body: "Ciao", previewUrl: false }),
    "template, positional": () => template([{ type: "body", parameters: texts("O-1", "24/12/2026") }]),
    "template, named": () => template([{ type: "body", parameters: [{ type: "text", parameterName: "day", text: "24/12/2026" }] }]),
    "template, header and button": () =>
      template([
        { type: "header", parameters: [{ type: "image", image: { link: "https://example.com/a.png" } }] },
        { type: "body", parameters: texts("O-1") },
        { type: "button", subType: "url", index: "0", parameters: texts("track/1") },
      ]),
    document: () => messages.sendDocument({ ...to, document: { link: "https://example.com/a.pdf", filename: "a.pdf" } }),
  };
};

const operations = await { hubspot, salesforce, zendesk, whatsapp }[api]();
for (const [name, send] of Object.entries(operations)) {
  await fetch(`${base}/__begin/${encodeURIComponent(name)}`);
  // What a client makes of the answer is its own affair: a dummy cannot please all of them.
  await send().catch(() => {});
}
process.exit(0);
