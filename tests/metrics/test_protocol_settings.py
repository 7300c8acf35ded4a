"""Protocols: what is allowed, what a metric is called, and which scores may be compared."""

import pytest
from protocol_values import PROTOCOLS, protocol, used
from pydantic import ValidationError

from stylesv.config.protocol import ProtocolSettings, require_one_protocol
from stylesv.errors import ConfigError

PAPER_I3D = {"name": "i3d_torchscript", "sha256": "b" * 64, "resize_px": None, "resize_filter": None}


def test_all_protocol_files_are_valid():
    names = sorted(path.stem for path in PROTOCOLS.glob("r*.yaml"))
    assert {"rfid", "rfvd_16f"} <= set(names)
    for name in names:
        assert protocol(name).metric_name == name.split("_")[0]


def test_a_random_detector_never_makes_an_fvd():
    assert (protocol().metric_name, protocol().metric_label) == ("rfvd", "rFVD16")
    assert (protocol("rfid").metric_name, protocol("rfid").metric_label) == ("rfid", "rFID")
    assert protocol(detector=PAPER_I3D).metric_label == "FVD16"
    assert protocol("rfid", detector=PAPER_I3D).metric_name == "fid"


def test_every_field_says_what_it_is():
    def undescribed(schema):
        models = [schema, *schema.get("$defs", {}).values()]
        return [name for model in models for name, field in model["properties"].items() if "description" not in field]

    assert undescribed(ProtocolSettings.model_json_schema()) == []


def test_span_counts_first_and_last_frame():
    assert protocol().span == 16
    assert protocol(frame_stride=8).span == 121


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"num_frames": 1}, "take frechet_image"),
        ({"metric": "frechet_image"}, "num_frames is 16 and frame_stride 1; set both to 1"),
        ({"detector": {"name": "random-vgg"}}, "allowed: random-i3d, or the stem"),
        ({"detector": {"resize_px": None}}, "needs resize_px"),
        ({"detector": {"sha256": "b" * 64}}, "set it to null"),
        ({"detector": PAPER_I3D | {"sha256": None}}, "needs sha256"),
        ({"detector": PAPER_I3D | {"resize_px": 64}}, "resizes frames itself"),
        ({"generated": {"num_clips": 1}}, "greater than or equal to 2"),
        ({"bootstrap": {"level": 1.0}}, "less than 1"),
        ({"covariance": "unbiased"}, "'population' or 'sample'"),
        ({"real": {"max_clips": "many"}}, "valid integer"),
    ],
)
def test_what_cannot_be_is_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        protocol(**changes)


def test_equal_keys_may_be_compared():
    assert require_one_protocol([("a", used()), ("b", used()), ("c", used())]) is None
    assert require_one_protocol([]) is None


def test_the_refusal_names_every_field_that_differs():
    other = used(key="89efcdab", frame_stride=4, real={"max_clips": 512})
    with pytest.raises(ConfigError) as refusal:
        require_one_protocol([("sky at 10 kimg", used()), ("sky at 20 kimg", used()), ("taichi at 20 kimg", other)])
    message = str(refusal.value)
    assert message.startswith("sky at 10 kimg (protocol rfvd_16f-0123abcd) and taichi at 20 kimg (protocol ")
    assert "frame_stride: 1 and 4; real.max_clips: 256 and 512; score both" in message


def test_another_detector_under_the_same_key_is_refused():
    with pytest.raises(ConfigError, match=r"detector's SHA-256: aaaaaaaaaaaa\.\.\. and bbbbbbbbbbbb"):
        require_one_protocol([("a", used()), ("b", used(sha256="b" * 64))])


def test_other_scoring_code_is_refused():
    with pytest.raises(ConfigError, match="same settings, but another version of the scoring code"):
        require_one_protocol([("a", used()), ("a", used(key="89efcdab"))])
