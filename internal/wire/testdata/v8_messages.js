// Writes v8_messages.json: what Express's body parser on Node 20 answers to
// malformed JSON. Run: node v8_messages.js > v8_messages.json
const strict = (text) => {
  const first = /^[\x20\x09\x0a\x0d]*([^\x20\x09\x0a\x0d])/.exec(text)
  if (!first || first[1] === '{' || first[1] === '[') return JSON.parse(text)
  const at = text.indexOf(first[1])
  try { JSON.parse(text.slice(0, at) + '#'.repeat(text.length - at)) } catch (e) {
    throw new SyntaxError(e.message.replace(/#+/g, (run) => text.substr(at, run.length)))
  }
}
const fixed = ['{', '[', '{"a', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{a:1}', '[1,', '[1', '[1,]', '[,]',
  '{"a":1 "b"', '[1 2', '["a" "b"', '{"a" 1}', '{"a":"\\', '{"a":"\\x"}', '{"a":"\\u12', '{"a":"\\u12g4"}', '{"a":"\n"}',
  '{"a":-}', '{"a":01}', '{"a":1.}', '{"a":1e}', '{"a":1e+', '{"a":1.5x}', '{} x', '{}1', '{}"a"', '[]]', '{"a":tru}',
  '{"a":tru', '{"a":true1}', '{"a":undefined}', '{"a":NaN}', "{'a':1}", '{"a":.5}', '{"a":+1}', '[tru1]', '[tru"x"]',
  '{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":x, "bbbbbbbbbbbbbbbbbbbbbbbbbbb":1}', '{"a":x, "bbbbbbbbbbbbbbbbbbbbbbbbbbb":1}',
  '{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":x}', '{"żółć🔑":x, "bbbbbbbbbbbbbbbbbbbbbbbbbbb":1}', '{"a":"🔑', '{"a":"🔑\\q"}',
  '[1.2.3]', '[-x]', '[-01]', '{"a":1}}', '{"a":[}', '{,}', '{1:2}', '{"a":1,1:2}', '{"a":1,"b"}', '{"a":1,"b" 1}',
  '{"a":1,"b" "c"}', '{"a":1,"b"', '[tru e]', '[falsy]', '[1,2\u0000]', '[object Object]', '{"a":"\\é"}', '{"a":"\\ł"}',
  '[/*c*/1]', '{"a"::1}', '{"a":""""}', ' \t\n{"a":}', '"str"', 'str', '  12345', 'true', 'null', '-1', 'x'.repeat(30),
  '"' + 'y'.repeat(40) + '"', ' '.repeat(15) + 'oops', 'email=a@b.c&password=x']
// Deterministic mutations of a valid text: cut, replace, double.
const base = '{"email":"żó@example.com","n":[-1.5e+3,0,true,null],"o":{"k":"\\u00e9\\n"},"last":false}'
const cases = new Set(fixed)
for (let i = 1; i < base.length; i++) cases.add(base.slice(0, i))
for (let i = 1; i < base.length; i++) for (const c of ['x', '"', '7', ',', '}', '\\']) {
  if ((i * 7 + c.charCodeAt(0)) % 3 === 0) cases.add(base.slice(0, i) + c + base.slice(i + 1))
  if ((i * 5 + c.charCodeAt(0)) % 4 === 0) cases.add(base.slice(0, i) + c + base.slice(i))
}
const out = {}
for (const text of cases) {
  try { strict(text); out[text] = '' } catch (e) { out[text] = e.message }
}
console.log(JSON.stringify(out, null, 1))
