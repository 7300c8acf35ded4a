"""Protocols: what is allowed, what a metric is called, and which scores may be compared."""

import pytest
from protocol_values import PROTOCOLS, protocol, used
from pydantic import ValidationError

from stylesv.config.protocol import ProtocolSettings
from stylesv.config.recipe import recipe_key
from stylesv.errors import ConfigError
from stylesv.records.named_protocol import named_protocol, random_detector, use_detector
from stylesv.records.protocol import Protocol, require_one_protocol

PAPER_I3D = {
    "name": "i3d_torchscript.pt",
    "kind": "i3d_torchscript",
    "sha256": "b" * 64,
    "resize_px": None,
    "resize_filter": None,
}
EVD = {"name": "content-and-change", "kind": "content_and_change", "feature_dim": 83}
INCEPTION = PAPER_I3D | {"kind": "inception_torchscript", "feature_dim": 2048}
NAMES = {
    "cdfvd2048_16f": ("cdfvd", "cdFVD16"),
    "efid": ("efid", "eFID"),
    "eis": ("eis", "eIS"),
    "ekid": ("ekid", "eKID"),
    "evd_16f": ("evd", "eVD16"),
    "evd_16f_long": ("evd", "eVD16"),
    "fid50k_full": ("fid", "FID"),
    "fvd2048_128f": ("fvd", "FVD128"),
    "fvd2048_128f_subsample8f": ("fvd", "FVD16-s8"),
    "fvd2048_16f": ("fvd", "FVD16"),
    "fvd_community_128f": ("fvd", "FVD128"),
    "fvd_community_16f": ("fvd", "FVD16"),
    "fvd_long_video": ("fvd", "FVD16"),
    "fvd_paper_plus": ("fvd", "FVD16"),
    "is50k": ("is", "IS"),
    "isv2048_ucf": ("isv", "ISV16"),
    "kid50k_full": ("kid", "KID"),
    "rfid": ("rfid", "rFID"),
    "rfvd_16f": ("rfvd", "rFVD16"),
    "rfvd_16f_artefacts": ("rfvd", "rFVD16"),
    "tvd_16f": ("tvd", "tVD16"),
}


def test_all_protocol_files_are_valid_and_named_for_what_they_are():
    found = {}
    for path in PROTOCOLS.glob("*.yaml"):
        settings = named_protocol(PROTOCOLS.parent, path.stem).settings
        found[path.stem] = (settings.metric_name, settings.metric_label)
    assert found == NAMES


def test_what_each_protocol_means_is_what_it_was():
    """Scores are named after it; whoever changes a number here makes new protocols, and should say so."""
    found = {path.stem: named_protocol(PROTOCOLS.parent, path.stem).settings for path in PROTOCOLS.glob("*.yaml")}
    keys = {name: recipe_key(settings.model_dump(mode="json")) for name, settings in found.items()}
    assert keys == {
        "cdfvd2048_16f": "3a65b655",
        "efid": "1f042d0c",
        "eis": "f22dff60",
        "ekid": "8be8e5eb",
        "evd_16f": "34de1169",
        "evd_16f_long": "9a37094d",
        "fid50k_full": "19ba5166",
        "fvd2048_128f": "64f657e0",
        "fvd2048_128f_subsample8f": "57d1c7b8",
        "fvd2048_16f": "97b39fdf",
        "fvd_community_128f": "9062622e",
        "fvd_community_16f": "7e337ec7",
        "fvd_long_video": "ccf3d8ad",
        "fvd_paper_plus": "83755a5a",
        "is50k": "5734f8c1",
        "isv2048_ucf": "5cc829d6",
        "kid50k_full": "091b4844",
        "rfid": "a488d4ad",
        "rfvd_16f": "a9b512ee",
        "rfvd_16f_artefacts": "59189613",
        "tvd_16f": "92ca9687",
    }


def test_a_file_that_extends_a_protocol_differs_in_what_it_says(tmp_path):
    path = tmp_path / "late.yaml"
    path.write_text("extends: fvd2048_16f\nprotocol: {generated: {start_time: 64}}\n")
    plain, late = (named_protocol(PROTOCOLS.parent, name).settings for name in ("fvd2048_16f", str(path)))
    assert late == plain.model_copy(update={"generated": plain.generated.model_copy(update={"start_time": 64})})
    path.write_text("extends: fvd2048\nprotocol: {}\n")
    with pytest.raises(ConfigError, match=r"late.yaml:1: extends: fvd2048: no such file .*known: cdfvd2048_16f, efid"):
        named_protocol(PROTOCOLS.parent, str(path))


def test_a_random_detector_never_makes_an_fvd():
    assert protocol(detector=PAPER_I3D).metric_label == "FVD16"
    assert protocol("rfid", detector=INCEPTION).metric_name == "fid"
    assert protocol(metric="inception_video", inception={"splits": 2, "shuffle_seed": 0}).metric_name == "risv"


def test_files_without_a_known_hash_say_so():
    for name, (metric, _) in NAMES.items():
        if metric[0] != "r":
            assert named_protocol(PROTOCOLS.parent, name).settings.detector.sha256 is None


def test_given_the_random_detector_a_protocol_is_another_one():
    plan = named_protocol(PROTOCOLS.parent, "fvd2048_16f")
    random = use_detector(plan, "random-i3d", random=random_detector(PROTOCOLS.parent))
    assert (random.settings.metric_label, random.settings.real) == ("rFVD16", plan.settings.real)
    assert random.key != plan.key
    assert use_detector(plan, "i3d.pt", random=random.settings.detector) == plan
    for name, detector in (("rfvd_16f", "random-i3d"), ("evd_16f", "content-and-change")):
        own = named_protocol(PROTOCOLS.parent, name)
        assert use_detector(own, detector, random=random.settings.detector) == own
        with pytest.raises(ConfigError, match=f"i3d.pt: protocol {name} uses {detector}; leave --detector out"):
            use_detector(own, "i3d.pt", random=random.settings.detector)
    ranked = use_detector(own, "random-i3d", random=random.settings.detector)
    assert (ranked.settings.metric_label, ranked.settings.real) == ("rFVD16", own.settings.real)
    with pytest.raises(ConfigError, match="--protocol fvd: no such protocol; known: cdfvd2048_16f, efid"):
        named_protocol(PROTOCOLS.parent, "fvd")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("protocl: {num_frames: 8}\n", r"eight.yaml:1: protocl: unknown; did you mean protocol\?"),
        ("num_frames: 8\n", "eight.yaml:1: num_frames: unknown; known here: protocol"),
        ("", "eight.yaml:1: protocol: missing"),
        ("protocol:\n", "eight.yaml:1: protocol: is empty"),
        ("protocol: {num_frames: 8}\nmodel: {}\n", "eight.yaml:2: model: unknown"),
    ],
)
def test_a_file_without_a_protocol_is_not_the_defaults_under_its_name(tmp_path, text, words):
    path = tmp_path / "eight.yaml"
    path.write_text("protocol: {num_frames: 8}\n")
    assert named_protocol(PROTOCOLS.parent, str(path)).settings.num_frames == 8
    path.write_text("protocol: {}\n")
    assert named_protocol(PROTOCOLS.parent, str(path)).settings.num_frames == 16
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        named_protocol(PROTOCOLS.parent, str(path))


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
        ({"detector": {"name": "random-vgg"}}, "allowed: random-i3d, or the name"),
        ({"detector": {"name": "net.pt"}}, "random-i3d and kind random_i3d go together"),
        ({"detector": {"feature_dim": 100}}, "I3D has 400 features, but feature_dim is 100"),
        ({"detector": INCEPTION}, "cannot use a detector of kind inception_torchscript; allowed: random_i3d, i3d_w"),
        ({"metric": "kernel_image", "num_frames": 1, "kernel": None}, "kernel must be given for kernel_"),
        (
            {"metric": "inception_video", "inception": {"splits": 2, "shuffle_seed": 0}, "floor": {}, "neighbours": {}},
            "floor, neighbours belong to frechet_",
        ),
        ({"metric": "inception_video"}, "inception must be given for inception_"),
        (
            {
                "metric": "inception_video",
                "inception": {"splits": 2, "shuffle_seed": 0},
                "drift": {"start_times": (0,), "num_clips": 2},
            },
            "drift is measured by frechet_video",
        ),
        ({"detector": {"resize_px": None}}, "needs resize_px"),
        ({"detector": {"sha256": "b" * 64}}, "set them to null"),
        ({"detector": PAPER_I3D | {"resize_px": 64}}, "resizes frames itself"),
        ({"generated": {"num_clips": 1}}, "greater than or equal to 2"),
        ({"bootstrap": {"level": 1.0}}, "less than 1"),
        ({"num_frames": 8, "detector": EVD}, "measures change over 8 frames, but num_frames is 8"),
        ({"detector": EVD | {"resize_px": 32}}, "needs frames of 64 px or more"),
        (
            {"metric": "inception_video", "inception": {"splits": 2, "shuffle_seed": 0}, "detector": EVD},
            "cannot use a det",
        ),
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


def test_what_decides_no_number_is_in_no_key():
    protocol = named_protocol(PROTOCOLS.parent, "fvd_paper_plus")
    detector = protocol.settings.detector.model_copy(update={"url": "https://example.org/other"})
    real = protocol.settings.real.model_copy(update={"seed": 5})
    changed = protocol.settings.model_copy(update={"detector": detector, "real": real})
    assert protocol.settings.real.first_frames == "spread", "nothing is drawn with the seed"
    assert Protocol.of("other", changed).key == protocol.key
    assert Protocol.of("other", changed).reference == protocol.reference
    assert Protocol.of("other", changed).choice.key == protocol.choice.key
    drawn = changed.model_copy(update={"real": real.model_copy(update={"first_frames": "random"})})
    assert Protocol.of("other", drawn).key != protocol.key


def test_only_what_real_clips_need_is_in_the_key_of_a_reference():
    protocol = named_protocol(PROTOCOLS.parent, "rfvd_16f")
    bootstrap = protocol.settings.bootstrap.model_copy(update={"resamples": 7, "seed": 3})
    generated = protocol.settings.generated.model_copy(update={"num_clips": 9, "truncation": 0.5})
    same = {"bootstrap": bootstrap, "generated": generated, "covariance": "sample"}
    same |= {"floor": None, "neighbours": None, "kernel": None}
    for field, value in same.items():
        other = Protocol.of("rfvd_16f", protocol.settings.model_copy(update={field: value}))
        assert other.reference == protocol.reference and other.key != protocol.key
        assert (other.choice == protocol.choice) == (field in ("bootstrap", "floor", "neighbours", "kernel"))
    strided = Protocol.of("rfvd_16f", protocol.settings.model_copy(update={"frame_stride": 2}))
    assert strided.reference != protocol.reference
