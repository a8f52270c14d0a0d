/**
 * Writes the types of the service's routes from its OpenAPI document, or tells with `--check` that they are old.
 *
 *     node generate.mjs [--check]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const DOCUMENT = new URL("../../openapi.json", import.meta.url);
const TYPES = new URL("../src/api/openapi.ts", import.meta.url);
/** What may be any JSON: a cell of a row. */
const ANY = "#/components/schemas/Value";
const HEAD = `/** Made of server/openapi.json by \`npm run client\`; not to be edited. */
import type { Cell } from "./cell";

`;

/** The schema with every part that says nothing of its type named as a cell. */
function named(schema) {
  if (typeof schema !== "object" || schema === null) return schema;
  const says = Object.keys(schema).filter((key) => key !== "description");
  if (says.length === 0) return { ...schema, $ref: ANY };
  const each = (part) => Object.fromEntries(Object.entries(part).map(([key, one]) => [key, named(one)]));
  const result = { ...schema };
  if (schema.properties) result.properties = each(schema.properties);
  for (const key of ["items", "additionalProperties"]) if (schema[key]) result[key] = named(schema[key]);
  for (const key of ["oneOf", "allOf", "anyOf", "prefixItems"]) if (schema[key]) result[key] = schema[key].map(named);
  return result;
}

const description = JSON.parse(readFileSync(DOCUMENT, "utf8"));
const { schemas } = description.components;
for (const [name, schema] of Object.entries(schemas)) if (name !== "Value") schemas[name] = named(schema);
const cell = ts.factory.createTypeReferenceNode("Cell");
const ast = await openapiTS(description, {
  // The type of a cell stands in a file of ours.
  transform: (_, { path }) => (path?.endsWith("/components/schemas/Value") ? cell : undefined),
  defaultNonNullable: false,
  emptyObjectsUnknown: true,
});
const types = HEAD + astToString(ast);

if (!process.argv.includes("--check")) {
  writeFileSync(TYPES, types);
} else if (readFileSync(TYPES, "utf8") !== types) {
  console.error(`${fileURLToPath(TYPES)} is not what server/openapi.json says: \`npm run client\` makes it anew`);
  process.exit(1);
}
