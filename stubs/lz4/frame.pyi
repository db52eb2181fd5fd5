class LZ4FrameDecompressor:
    eof: bool
    needs_input: bool
    unused_data: bytes | None
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...

def compress(data: bytes) -> bytes: ...
