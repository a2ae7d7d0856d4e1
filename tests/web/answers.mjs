// What the mock server answers to which question.

const counting = Array.from({ length: 800 }, (_, i) => `word${i + 1}`).join(' ');

const tour = `Three ways to add the numbers from 1 to $n$.

## A formula

Gauss paired the ends: each pair gives $n + 1$, and there are $n/2$ pairs, so

$$\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}.$$

## A loop

\`\`\`python
def total(n: int) -> int:
    """The sum of 1 .. n."""
    result = 0
    for k in range(1, n + 1):
        result += k  # n steps
    return result
\`\`\`

## Compared

| Way | Steps | For \\(n = 100\\) |
|---|---|---|
| formula | 1 | 5050 |
| loop | $n$ | 5050 |

- The formula is **exact** for every $n$.
- The loop is what \`sum(range(n + 1))\` does.

> Both give the same; only one of them is lazy.`;

const arabic = `الجاذبية هي القوة التي تجذب الأجسام بعضها إلى بعض، وصاغها **نيوتن** بالقانون

$$F = G\\,\\frac{m_1 m_2}{r^2}$$

- تتناسب القوة طرديًا مع الكتلتين $m_1$ و $m_2$.
- تتناسب عكسيًا مع مربع المسافة $r$.

In English this is called *universal gravitation*.

\`\`\`python
F = G * m1 * m2 / r**2  # قانون الجاذبية
\`\`\``;

const chinese = `勾股定理：直角三角形两直角边的平方和等于斜边的平方。

$$a^2 + b^2 = c^2$$

1. 设两直角边为 $a$ 和 $b$。
2. 斜边 $c = \\sqrt{a^2 + b^2}$。`;

const hostile = `<script>window.hacked = 1</script>

<img src=x onerror="window.hacked = 2">

[a link](javascript:window.hacked=3) and ![a picture](https://example.org/track.png)

<svg onload="window.hacked = 4"></svg> $\\href{javascript:window.hacked=5}{x}$

\`\`\`html
<script>window.hacked = 6</script>
\`\`\``;

/** The answer, and the milliseconds between its tokens. */
export function answerTo(question) {
  if (/count/i.test(question)) return { text: counting, delay: 15 };
  if (/hack/i.test(question)) return { text: hostile, delay: 1 };
  if (/[\u0600-\u06ff]/.test(question)) return { text: arabic, delay: 2 };
  if (/[\u4e00-\u9fff]/.test(question)) return { text: chinese, delay: 2 };
  if (/sum|add/i.test(question)) return { text: tour, delay: 2 };
  return { text: `You said: ${question}`, delay: 5 };
}

export function reasoningFor(question) {
  return `The user asks: “${question.slice(0, 60)}”.\n\nFirst I look at small cases, then I check that $1 + 2 = 3$, and then I write the answer down.`;
}
