import numpy as np
from pulsemon_deploy.simulate.native_block import block, numbers, strings, varint, words


def test_numbers_take_seven_bits_a_byte() -> None:
    assert [varint(number).hex() for number in (0, 127, 128, 300)] == ["00", "7f", "8001", "ac02"]


def test_a_block_has_its_columns_one_after_the_other() -> None:
    made = block([numbers("n", "Int64", np.array([1, -1])), strings("s", ["a", "é"])], 2)
    assert made == (
        b"\x02\x02"
        b"\x01n\x05Int64" + (1).to_bytes(8, "little") + b"\xff" * 8 + b"\x01s\x06String" + b"\x01a" + b"\x02\xc3\xa9"
    )


def test_a_dictionary_grows_its_indexes_with_its_keys() -> None:
    few = words("w", ["a", "b"], np.array([0, 1, 1]))
    many = words("w", [str(number) for number in range(300)], np.array([299, 0]))
    assert few.data.endswith((3).to_bytes(8, "little") + b"\x00\x01\x01")
    assert many.data.endswith((2).to_bytes(8, "little") + b"\x2b\x01\x00\x00")
    assert few.kind == "LowCardinality(String)"
