/** Enough of protobuf to read the spans of an OTLP export: what arrives, not what we think we sent. */
export interface DecodedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: number
  readonly startNanoseconds: bigint
  readonly endNanoseconds: bigint
  readonly attributes: Readonly<Record<string, string | number>>
  readonly statusCode: number
}

interface Field {
  readonly number: number
  readonly value: bigint
  readonly bytes: Buffer
}

export function decodeSpans(request: Buffer): readonly DecodedSpan[] {
  return all(request, 1).flatMap((resourceSpans) =>
    all(resourceSpans, 2).flatMap((scopeSpans) => all(scopeSpans, 2).map(spanOf)),
  )
}

function spanOf(span: Buffer): DecodedSpan {
  const hex = (number: number) => all(span, number)[0]?.toString('hex') ?? ''
  return {
    traceId: hex(1),
    spanId: hex(2),
    parentSpanId: hex(4),
    name: all(span, 5)[0]?.toString() ?? '',
    kind: Number(numberOf(span, 6)),
    startNanoseconds: numberOf(span, 7),
    endNanoseconds: numberOf(span, 8),
    attributes: Object.fromEntries(
      all(span, 9).map((pair) => [all(pair, 1)[0]?.toString() ?? '', valueOf(all(pair, 2)[0]!)]),
    ),
    statusCode: Number(numberOf(all(span, 15)[0] ?? Buffer.alloc(0), 3)),
  }
}

/** An AnyValue that is a string or an integer. */
function valueOf(value: Buffer): string | number {
  return all(value, 1)[0]?.toString() ?? Number(numberOf(value, 3))
}

function all(message: Buffer, number: number): readonly Buffer[] {
  return fieldsOf(message).flatMap((field) => (field.number === number ? [field.bytes] : []))
}

function numberOf(message: Buffer, number: number): bigint {
  return fieldsOf(message).find((field) => field.number === number)?.value ?? 0n
}

function fieldsOf(message: Buffer): readonly Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < message.length) {
    const tag = Number(varint())
    const number = tag >> 3
    if ((tag & 7) === 0) fields.push({ number, value: varint(), bytes: Buffer.alloc(0) })
    else {
      const length = { 1: 8, 5: 4 }[tag & 7] ?? Number(varint())
      const bytes = message.subarray(at, at + length)
      at += length
      fields.push({ number, value: length === 8 ? bytes.readBigUInt64LE() : 0n, bytes })
    }
  }
  return fields
}
