"""Published pickles: what is read, what is refused by name, and that nothing in them runs."""

import functools
import io
import os
import pickle
import random
import subprocess
import sys
import types

import numpy as np
import pytest
import torch
from own_process import printed_by

from stylesv.checkpoint.legacy_storage import MAGIC_NUMBER, VERSION, read_storage
from stylesv.checkpoint.published_pickle import read_pickle
from stylesv.checkpoint.published_snapshot import plain_values, read_snapshot
from stylesv.errors import CheckpointError


class Calls:
    """An object whose pickle calls something on load."""

    def __init__(self, function, *arguments):
        self.reduced = (function, arguments)

    def __reduce__(self):
        return self.reduced


@pytest.fixture
def published(monkeypatch):
    """Modules of the names that published pickles refer to, and makers of what they hold."""

    def module(name, **members):
        made = types.ModuleType(name)
        for key, member in members.items():
            member.__module__, member.__qualname__ = name, key
            setattr(made, key, member)
        monkeypatch.setitem(sys.modules, name, made)
        return made

    for package in ("src", "src.torch_utils", "omegaconf"):
        module(package)

    def reconstruct(meta):
        raise AssertionError("the published loader was called")

    persistence = module("src.torch_utils.persistence", _reconstruct_persistent_obj=reconstruct)
    containers = module("omegaconf.dictconfig", DictConfig=type("DictConfig", (), {}))
    nodes = module("omegaconf.nodes", AnyNode=type("AnyNode", (), {}))

    def persistent(class_name, state):
        meta = {
            "type": "class",
            "version": 6,
            "module_src": "raise AssertionError('the embedded source was run')",
            "class_name": class_name,
            "state": state,
        }
        return Calls(persistence._reconstruct_persistent_obj, meta)

    def config(values, parent=None):
        node = containers.DictConfig()
        node._metadata, node._parent, node._content = {}, parent, {}
        for key, value in values.items():
            if isinstance(value, dict):
                node._content[key] = config(value, node)
            else:
                node._content[key] = nodes.AnyNode()
                node._content[key]._metadata, node._content[key]._parent, node._content[key]._val = {}, node, value
        return node

    return types.SimpleNamespace(persistent=persistent, config=config)


def layer_state(**tensors):
    return {"_parameters": tensors, "_buffers": {}, "_modules": {}}


@pytest.fixture
def snapshot(published):
    """A snapshot with one tiny network."""
    root = published.config(
        {
            "sampling": {"num_frames": 3, "name": "n${sampling.num_frames}"},
            "model": {
                "generator": {"z_dim": 4, "frames": "${sampling}", "same": "${.z_dim}", "dead": "${nothing.here}"}
            },
        }
    )
    options = root._content["model"]._content["generator"]
    inner = published.persistent("Layer", layer_state(weight=torch.nn.Parameter(torch.arange(6.0).reshape(2, 3)).T))
    state = {
        "_parameters": {},
        "_buffers": {"mean": torch.ones(2, dtype=torch.float16), "kernel": torch.ones(1)},
        "_non_persistent_buffers_set": {"kernel"},
        "_modules": {"layer": inner, "none": None},
        "_init_args": (),
        "_init_kwargs": {"c_dim": 0, "cfg": options, "kwargs": {"num": 2}},
    }
    return {
        "G_ema": published.persistent("Generator", state),
        "stats": {"cur_nimg": 123456},
        "vis": np.arange(3),
        "G_opt": torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))]),
    }


def write(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_names_options_arguments_and_weights_are_read_and_the_source_is_not_run(tmp_path, snapshot, protocol):
    read = read_snapshot(write(tmp_path / "snapshot.pkl", snapshot, protocol))
    network = read.networks["G_ema"]
    assert read.num_frames_shown == 123456
    assert network.arguments == {"c_dim": 0, "kwargs": {"num": 2}}
    assert network.options == {
        "z_dim": 4,
        "frames": {"num_frames": 3, "name": "n3"},
        "same": 4,
        "dead": "${nothing.here}",
    }
    assert sorted(network.tensors) == ["layer.weight", "mean"]
    assert torch.equal(network.tensors["layer.weight"], torch.arange(6.0).reshape(2, 3).T)
    assert network.tensors["mean"].dtype == torch.float16


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        (os.system, ("touch {marker}",), f"{os.system.__module__}.system"),
        (eval, ("open({marker!r}, 'w')",), "builtins.eval"),
        (exec, ("open({marker!r}, 'w')",), "builtins.exec"),
        (open, ("{marker}", "w"), "open"),
        (getattr, (1, "real"), "builtins.getattr"),
        (subprocess.check_output, (["touch", "{marker}"],), "check_output"),
        (functools.partial, (print,), "functools.partial"),
        (torch.load, ("{marker}",), "torch.serialization.load"),
        (np.load, ("{marker}",), "numpy.load"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_would_run_code_is_refused_by_name_and_nothing_runs(
    tmp_path, function, arguments, name, protocol
):
    marker = tmp_path / "marker"
    arguments = [a.format(marker=str(marker)) if isinstance(a, str) else a for a in arguments]
    path = write(tmp_path / "bad.pkl", {"G_ema": Calls(function, *arguments)}, protocol)
    with pytest.raises(CheckpointError) as refusal:
        read_pickle(path)
    assert name in str(refusal.value) and "refused" in str(refusal.value) and str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not marker.exists()


def test_a_class_that_is_not_allowed_is_refused_before_it_is_imported(tmp_path):
    path = tmp_path / "bad.pkl"
    path.write_bytes(b"\x80\x04\x8c\x0dno_such_thing\x8c\x05Thing\x93)\x81.")
    with pytest.raises(CheckpointError, match=r"asks for no_such_thing\.Thing"):
        read_pickle(path)


def test_code_hidden_in_the_bytes_of_a_tensor_is_refused_by_name(tmp_path):
    marker = tmp_path / "marker"
    hidden = pickle.dumps(Calls(os.system, f"touch {marker}"))
    path = write(tmp_path / "bad.pkl", {"G_ema": Calls(torch.storage._load_from_bytes, hidden)})
    with pytest.raises(CheckpointError, match=f"asks for {os.system.__module__}.system"):
        read_pickle(path)
    assert not marker.exists()


def test_a_truncated_snapshot_gives_one_clear_line_wherever_it_ends(tmp_path, snapshot):
    content = pickle.dumps(snapshot, protocol=4)
    path = tmp_path / "short.pkl"
    for end in random.Random(0).sample(range(1, len(content)), 60):
        path.write_bytes(content[:end])
        with pytest.raises(CheckpointError) as refusal:
            read_snapshot(path)
        assert str(refusal.value) == f"{path}: truncated; fetch it again"


def test_a_damaged_snapshot_never_does_anything_but_say_so(tmp_path, snapshot):
    content = pickle.dumps(snapshot, protocol=4)
    path = tmp_path / "damaged.pkl"
    rng = random.Random(1)
    refused = 0
    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(3):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            read_snapshot(path)
        except CheckpointError as error:
            refused += 1
            assert str(path) in str(error)
    assert refused > 100


SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from stylesv.checkpoint.published_pickle import read_pickle
from stylesv.errors import StyleSVError

pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + 30_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for path in sys.argv[1:]:
    try:
        read_pickle(Path(path))
    except StyleSVError as error:
        print(type(error).__name__, error)
"""


def test_memory_that_runs_out_is_no_fault_of_a_snapshot_unless_it_asks_for_more_than_it_holds(tmp_path):
    large, damaged = tmp_path / "large.pkl", tmp_path / "damaged.pkl"
    large.write_bytes(pickle.dumps({"G_ema": bytes(60_000_000)}))
    damaged.write_bytes(bytes([0x80, 4, 0x8E]) + (1 << 45).to_bytes(8, "little"))  # so many bytes follow, it says
    said = printed_by(SHORT_OF_MEMORY, large, damaged).splitlines()
    assert said[0].startswith(f"MachineError {large}: cannot be read (memory ran out); give the job more memory")
    assert said[1] == f"CheckpointError {damaged}: damaged (MemoryError); fetch it again"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><title>Quota exceeded</title>", "not a pickle"),
        (b"PK\x03\x04 and so on", "a zip file, as torch.save"),
        (b"", "truncated"),
        (pickle.dumps([1, 2]), "holds a list, not a snapshot"),
        (pickle.dumps({"state_dict": 1}), "no averaged generator G_ema, but state_dict"),
        (pickle.dumps({"G_ema": {"weight": 1}}), "G_ema is not a network"),
    ],
)
def test_other_files_are_refused_with_what_they_are(tmp_path, content, words):
    path = tmp_path / "other.pkl"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=words):
        read_snapshot(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"missing\.pkl: cannot be read \(No such file"):
        read_snapshot(tmp_path / "missing.pkl")


def test_options_that_refer_to_themselves_are_refused(published, tmp_path):
    root = published.config({"a": "${b}", "b": "${a}", "c": "${a.x}"})
    for key in "abc":
        node = read_pickle(write(tmp_path / "loop.pkl", {"node": root._content[key]}))["node"]
        with pytest.raises(CheckpointError, match="refer to themselves"):
            plain_values(node)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(), (0,), (3, 2)])
def test_tensors_of_every_type_come_back_as_they_were(tmp_path, dtype, shape):
    tensor = torch.randint(0, 2, shape, generator=torch.Generator().manual_seed(0)).to(getattr(torch, dtype))
    view = torch.stack([tensor, tensor])[1:]
    read = read_pickle(write(tmp_path / "tensor.pkl", {"tensor": tensor, "view": view}))
    assert read["tensor"].dtype == tensor.dtype and torch.equal(read["tensor"], tensor)
    assert torch.equal(read["view"], view)


def test_a_tensor_that_was_on_a_gpu_is_read_on_the_cpu():
    storage = object()

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return ("storage", torch.FloatStorage, "0", "cuda:0", 2, None) if thing is storage else None

    file = io.BytesIO()
    for part in (MAGIC_NUMBER, VERSION, {"little_endian": True}, storage, ["0"]):
        Pickler(file, protocol=2).dump(part)
    file.write((2).to_bytes(8, "little") + np.array([1.5, -2.0], np.float32).tobytes())
    assert read_storage(file.getvalue()).tolist() == [1.5, -2.0]
