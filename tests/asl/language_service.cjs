// Prints what AWS's own language service says of a definition on standard input, as JSON.
const { getLanguageService, TextDocument } = require('amazon-states-language-service');

async function main(text) {
  const service = getLanguageService({});
  const document = TextDocument.create('file://definition.asl.json', 'json', 1, text);
  const parsed = service.parseJSONDocument(document);
  const found = await service.doValidation(document, parsed);
  process.stdout.write(JSON.stringify(found.map(({ message }) => message)));
}

main(require('fs').readFileSync(0, 'utf8'));
