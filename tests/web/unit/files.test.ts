// @vitest-environment jsdom
import { strToU8, zipSync } from 'fflate';
import { decodeText, extract } from '../../../web/src/files/extract';

function file(name: string, bytes: Uint8Array): File {
  const copy = new Uint8Array(bytes);
  const made = new File([copy], name);
  made.arrayBuffer = () => Promise.resolve(copy.buffer); // jsdom has none
  return made;
}

const document = `<?xml version="1.0"?><w:document xmlns:w="urn:w"><w:body>
<w:p><w:r><w:t>Hello </w:t></w:r><w:r><w:t>world</w:t><w:tab/><w:t>&lt;b&gt;</w:t></w:r></w:p>
<w:p><w:r><w:t>مرحبا</w:t><w:br/><w:t>你好</w:t></w:r></w:p></w:body></w:document>`;

describe('files', () => {
  it('reads text in UTF-8 and UTF-16, and nothing else as text', () => {
    expect(decodeText(strToU8('a é 你'))).toBe('a é 你');
    expect(decodeText(new Uint8Array([0xff, 0xfe, 0x41, 0x00]))).toBe('A');
    expect(decodeText(new Uint8Array([0xff, 0x00, 0x80]))).toBeUndefined();
    expect(decodeText(new Uint8Array([0x41, 0x00]))).toBeUndefined();
  });

  it('reads the paragraphs of a Word file', async () => {
    const docx = zipSync({ 'word/document.xml': strToU8(document) });
    expect(await extract(file('a.docx', docx))).toEqual({ name: 'a.docx', text: 'Hello world\t<b>\nمرحبا\n你好' });
  });

  it('says what is wrong with others', async () => {
    const other = zipSync({ 'a.txt': strToU8('a') });
    await expect(extract(file('a.zip', other))).rejects.toMatchObject({ problem: 'fileUnknown' });
    await expect(extract(file('b.docx', strToU8('PK\x03\x04 cut')))).rejects.toMatchObject({ problem: 'fileUnknown' });
    await expect(extract(file('c.txt', strToU8(' \n')))).rejects.toMatchObject({ problem: 'fileNoText' });
  });
});
