"""How an append is written for the procedures that take it: as JSON texts."""

from collections.abc import Sequence

from infrastructure.event_store.rows import Append, Entry, StreamVersion


def write_entries(entries: Sequence[Entry]) -> str:
    """Write the events."""
    # State and metadata are JSON already: they are joined, not parsed and written again.
    return (
        b"["
        + b",".join(
            b'{"s":"%s","v":%d,"w":%d,"t":"%s","d":%s,"m":%s}'
            % (str(s).encode(), v, w, t.encode(), state, metadata)
            for s, v, w, t, state, metadata in entries
        )
        + b"]"
    ).decode()


def write_reads(reads: Sequence[StreamVersion]) -> str | None:
    """Write what was read for the decision, if anything was."""
    return "[" + ",".join(f'{{"s":"{s}","v":{v}}}' for s, v in reads) + "]" if reads else None


def write_keys(appends: Sequence[Append]) -> str:
    """Write the idempotency keys, each with where the events end that it stands for."""
    return "[" + ",".join(map(_key, appends)) + "]"


def _key(append: Append) -> str:
    last = append.entries[-1]
    assert append.key is not None, "only appends with a key are written as such"
    signature, answer = append.key
    return (
        f'{{"k":"{signature.key_digest.hex()}","f":"{signature.fingerprint.hex()}"'
        f',"c":"{answer.stream_id}","v":{answer.version}'
        f',"s":"{last.stream_id}","w":{last.version},"n":{len(append.entries)}}}'
    )
