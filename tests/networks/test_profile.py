"""The costs of layers are those that are counted by hand."""

import pytest
import torch
from script_here import run_here
from small_snapshot import write_snapshot
from tiny_models import draw_noise, make_discriminator, make_generator

from stylesv.networks.profile import REST, outermost_layers, profile, total_cost


@pytest.fixture(scope="module")
def generator_rows():
    generator = make_generator(resolution=16)
    z, noise = draw_noise(generator, 2, 3)
    times = torch.arange(3.0).repeat(2, 1)
    return generator, profile(generator, lambda: generator(z, times, noise), passes=1)


def test_a_synthesis_layer_costs_its_convolution_and_its_two_products(generator_rows):
    generator, rows = generator_rows
    frames, by_name = 6, {row.name: row for row in rows}
    for name, layer in generator.synthesis.layers.items():
        row, design = by_name[f"synthesis.layers.{name}"], layer.design
        kernel = design.conv_kernel
        side = design.in_size + kernel - 1  # padding on both sides is the kernel less 1
        convolution = frames * design.in_channels * design.out_channels * kernel**2 * side**2
        style = frames * 12 * design.in_channels
        energy = 0 if design.is_torgb else frames * design.in_channels * design.out_channels
        assert row.flops == 2 * (convolution + style + energy)
        weights = design.in_channels * design.out_channels * kernel**2
        assert row.num_parameters == weights + design.out_channels + 13 * design.in_channels
        assert row.shape == (frames, design.out_channels, design.out_size, design.out_size)
        assert row.kept_bytes >= 4 * frames * design.in_channels * design.in_size**2


def test_rows_add_up_to_the_network(generator_rows):
    generator, rows = generator_rows
    total = total_cost(rows)
    assert total.num_parameters == sum(each.numel() for each in generator.parameters())
    assert total.num_buffers == sum(each.numel() for each in generator.buffers())
    assert rows[-1].name == REST and all(row.seconds >= 0 and row.flops >= 0 for row in rows)
    assert {row.name for row in rows[:-1]} <= set(outermost_layers(generator))


def test_a_convolution_of_the_discriminator_costs_what_it_computes():
    discriminator = make_discriminator(resolution=32, num_frames=3)
    frames = torch.randn(2, 3, 3, 32, 32, requires_grad=True)
    rows = profile(discriminator, lambda: discriminator(frames, torch.arange(3.0).repeat(2, 1)), passes=1)
    by_name = {row.name: row for row in rows}
    conv = discriminator.blocks["b32"].conv0
    out_channels, in_channels = conv.weight.shape[:2]
    assert by_name["blocks.b32.conv0"].flops == 2 * 6 * out_channels * in_channels * 9 * 32 * 32
    halving = discriminator.blocks["b32"].conv1.weight.shape
    assert by_name["blocks.b32.conv1"].flops == 2 * 6 * halving[0] * halving[1] * 9 * 16 * 16


def test_the_table_is_printed_for_a_snapshot_and_for_an_experiment(root, tmp_path):
    networks = write_snapshot(tmp_path / "networks.safetensors", root)
    script = root / "workflow_scripts" / "profile_networks.py"
    done = run_here(script, "--networks", networks, "--passes", 1)
    assert done.returncode == 0, done.stderr
    assert "synthesis.layers.L0_24_16" in done.stdout and "MFLOP" in done.stdout
    untrained = run_here(script, "--networks", "demo", "--passes", 1, folder=root)
    assert untrained.returncode == 0 and "discriminator, 1 clips of 3 frames" in untrained.stdout, untrained.stderr
    missing = run_here(script, "--networks", tmp_path / "none")
    assert missing.returncode == 2 and "no such snapshot" in missing.stderr
