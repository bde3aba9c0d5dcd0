"""The model: its shapes, the reference's sizes, and the sum that the paper is about."""

from functools import partial

import pytest
import torch
from stand_ins import PLAIN, TURNS, told

from atomic_lib import RECIPES, BadInput
from atomic_lib.data.spikes import Spikes
from atomic_lib.images import _blur_matrix, blur, noise_level
from atomic_lib.model.autoencoder import AtomicAutoencoder, latent_range, parameter_count
from atomic_lib.model.decoders import Profiles, ReferenceDecoder, SeparableDecoder, StrokeDecoder, Untied
from atomic_lib.model.encoders import Found, OneShotEncoder, PursuitEncoder, ReferenceEncoder, gathered
from atomic_lib.model.layers import BoundedLatents
from atomic_lib.model.losses import loss, misalignment, sparsity
from atomic_lib.studies.bench import as_released
from atomic_lib.weights import load

DATA = Spikes(size=64, sigma=2.0, k=3)
ENCODERS = [ReferenceEncoder, OneShotEncoder, PursuitEncoder]
DECODERS = [ReferenceDecoder, SeparableDecoder, StrokeDecoder]


def small(encoder=OneShotEncoder, decoder=SeparableDecoder, k=3, d0=4, size=32):
    torch.manual_seed(0)
    return AtomicAutoencoder(encoder(k, d0, size, BoundedLatents()), decoder(d0, size)).eval()


def images(count=2, size=32):
    return Spikes(size=size, sigma=2.0, k=3).held_out(count).images


def test_the_reference_has_the_papers_sizes():
    spikes, digits = RECIPES["spikes-paper"].build(), RECIPES["digits-paper"].build()
    assert parameter_count(spikes) == 307_097
    assert parameter_count(digits) == 341_051
    assert parameter_count(spikes.g) == 22_363
    assert (spikes.k, spikes.d0, digits.k, digits.d0) == (10, 3, 16, 6)


def test_the_conventional_autoencoder_is_of_the_same_size():
    atomic, conventional = RECIPES["digits-plain"], RECIPES["digits-conventional"]
    assert conventional.k == 1 and conventional.d0 == atomic.k * atomic.d0 == 96
    sizes = [parameter_count(recipe.build()) for recipe in (atomic, conventional)]
    assert 0.9 < sizes[1] / sizes[0] < 1.1
    budget = ("data", "steps", "batch", "lr", "schedule", "noise", "noise_end")
    assert all(getattr(atomic, name) == getattr(conventional, name) for name in budget)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_any_encoder_goes_with_any_decoder(encoder, decoder):
    model, x = small(encoder, decoder), images()
    z, used = model.encode(x)
    assert z.shape == (2, 3, 4) and used.shape == (2, 3) and used.dtype == torch.bool
    assert model.atoms(z).shape == (2, 3, 1, 32, 32)
    assert model(x).shape == model.decode(z, used).shape == x.shape
    value = loss(model.train(), x)
    value.backward()
    assert value.shape == () and torch.isfinite(value)
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.g.parameters())


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_decoder_is_a_sum_of_the_same_g(decoder):
    model, z = small(decoder=decoder), torch.rand(2, 3, 4)
    one_by_one = sum(model.g(z[:, i]) for i in range(3))
    assert torch.allclose(model.decode(z), one_by_one, atol=1e-5)
    assert torch.allclose(model.decode(z[:, [2, 0, 1]]), one_by_one, atol=1e-5)  # any order


def test_blocks_not_in_use_draw_nothing():
    model, z = small(), torch.rand(2, 3, 4)
    used = torch.tensor([[True, False, True], [False, False, False]])
    atoms = model.atoms(z, used)
    assert atoms[~used].abs().max() == 0
    assert torch.allclose(model.decode(z, used)[0], model.g(z[0, [0, 2]]).sum(0), atol=1e-5)


def test_the_pursuit_subtracts_what_it_has_drawn():
    model, x = small(PursuitEncoder), images()
    steps = list(model.encoder.pursue(x, model.g, 3))
    residual = x
    for step in steps:
        residual = residual.clone()
        residual[step.going] -= step.atom
        assert torch.allclose(step.residual, residual, atol=1e-5)
    code = model.decompose(x)
    assert torch.allclose(x - code.atoms.sum(1), steps[-1].residual, atol=1e-5)
    assert torch.allclose(code.atoms, model.atoms(code.z, code.used), atol=1e-5)


def test_a_second_look_changes_blocks_by_what_is_left_alone(monkeypatch):
    model, x = small(partial(PursuitEncoder, again=1)), images()
    encoder = model.encoder
    found = gathered(list(encoder.pursue(x, model.g, 3)))
    assert torch.equal(encoder.correct(x, found, model.g).z, found.z), "it starts as none"
    torch.nn.init.normal_(encoder.correction.gain[-1].weight)
    corrected = encoder.correct(x, found, model.g)
    assert not torch.allclose(corrected.z, found.z)
    energies = torch.stack([part.left.square().sum(dim=(1, 2, 3)) for part in (found, corrected)])
    kept = torch.where((energies[1] < energies[0])[:, None, None, None], corrected.left, found.left)
    monkeypatch.setattr(PursuitEncoder, "spared", lambda self, images, found, g: found)
    code = model.decompose(x)
    assert torch.allclose(x - code.atoms.sum(1), kept, atol=1e-5)
    nothing = found._replace(left=torch.zeros_like(x))
    assert torch.equal(encoder.correct(x, nothing, model.g).z, found.z)


def test_blocks_that_the_others_can_do_without_are_taken_back():
    model = small(partial(PursuitEncoder, again=1))
    z = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    which, step = torch.tensor([0, 1, 0, 1, 0, 1]), torch.tensor([0, 0, 1, 1, 2, 2])
    with torch.no_grad():
        atom = model.g(z)
        x = torch.zeros(3, 1, 32, 32)  # the first image is two of its three atoms, the second all, the third nothing
        x = x.index_add(0, which[[0, 2]], atom[[0, 2]]).index_add(0, which[[1, 3, 5]], atom[[1, 3, 5]])
        left = x.index_add(0, which, atom, alpha=-1)
        found = model.encoder.spared(x, Found(which, step, torch.full((6, 2), 16), z, left), model.g)
    kept = sorted(zip(found.which.tolist(), found.step.tolist(), strict=True))
    assert kept == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]
    assert torch.allclose(found.left, torch.zeros_like(x), atol=1e-5)


def test_the_blocks_in_use_come_first(monkeypatch):
    model, x = small(partial(PursuitEncoder, again=1)), images()
    with torch.no_grad():
        model.g.rows[-1].weight *= 0.1  # atoms so faint that each leaves enough for the next
        steps = list(model.encoder.pursue(x, model.g, 4))
        monkeypatch.setattr(
            PursuitEncoder, "spared", lambda self, images, found, g: found.take(found.step > 0, found.left)
        )
        code = model.decompose(x, 4)
    assert len(steps) == 4 and all(len(step.going) == len(x) for step in steps)
    assert code.used.tolist() == [[True, True, True, False]] * len(x)
    assert torch.equal(code.z[:, 0], steps[1].z)
    assert torch.allclose(code.atoms, model.atoms(code.z, code.used), atol=1e-5)


def hard_images(size=128):
    """Images that no training has shown: what an encoder of spikes or digits must not fall over."""
    generator = torch.Generator().manual_seed(0)
    draw = partial(torch.rand, size, size, generator=generator)
    row, column = torch.meshgrid(*2 * [torch.linspace(0, 1, size)], indexing="ij")
    point = torch.zeros(size, size)
    point[size // 3, size // 2] = 5.0
    spikes = Spikes(size=size).held_out(3).images[:, 0]
    rough = torch.nn.functional.interpolate(draw()[None, None, ::16, ::16], size=size, mode="bicubic")[0, 0]
    odd = [draw(), 3 * draw() - 1.5, row, -column, point, -point, rough, rough + 0.2 * draw(), torch.zeros(size, size)]
    bright = [10 * spikes[0] / spikes[0].max(), 9 * spikes[1], -spikes[2], spikes[0] + row]
    return torch.stack(odd + bright + [torch.full((size, size), 10.0)])[:, None]


@pytest.mark.parametrize("name", ["spikes-pursuit", "digits-pursuit"])
def test_a_trained_pursuit_does_no_harm_whatever_the_image(name):
    model, x = load(name), hard_images()
    with torch.no_grad():
        code = model.decompose(x, 12)
    energy, left = (image.double().square().sum(dim=(1, 2, 3)) for image in (x, x - code.atoms.sum(1)))
    assert (left <= energy * (1 + 1e-5)).all(), (left / energy).tolist()
    assert not code.used[(x <= 0).flatten(1).all(1)].any(), "nothing there stands above nothing"
    rest = x - code.output
    quiet = model.encoder.highest(rest)[0] <= model.encoder.threshold(rest)
    helpless = ~quiet & ~code.used.all(dim=1)
    assert quiet.any() and helpless.any(), "some end with nothing left, others where nothing helps"


def test_a_block_or_a_correction_that_does_harm_is_refused():
    model, x = small(partial(PursuitEncoder, again=2)), images(8)
    torch.nn.init.normal_(model.encoder.correction.gain[-1].weight, std=10.0)  # corrections gone wild
    with torch.no_grad():
        model.g.rows[-1].weight *= 30  # atoms far too bright
        energies = [x] + [step.residual for step in model.encoder.pursue(x, model.g, 6)]
        energies = torch.stack([image.square().sum(dim=(1, 2, 3)) for image in energies])
        code = model.decompose(x, 6)
    assert (energies.diff(dim=0) <= 1e-5 * energies[0]).all()
    assert ((x - code.atoms.sum(1)).square().sum(dim=(1, 2, 3)) <= energies[-1] * (1 + 1e-5)).all()
    assert not code.used.all(), "some block must have been refused, else this shows nothing"
    with torch.no_grad():
        steps = list(model.train().encoder.pursue(x, model.g, 1))
    assert len(steps[0].going) == len(x), "a training takes every block"


def test_noise_raises_the_threshold_of_a_pursuit_and_light_does_not():
    encoder, x = small(PursuitEncoder).encoder, images(1)
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    assert encoder.threshold(x) == encoder.threshold(x + torch.linspace(0, 1, 32)) == encoder.stop
    assert encoder.threshold(x + noise) == pytest.approx(5 / (2 * torch.pi**0.5 * encoder.smooth), rel=0.15)


def test_the_pursuit_stops_by_itself_and_can_go_on_past_its_k():
    model, empty = small(PursuitEncoder), torch.zeros(2, 1, 32, 32)
    z, used = model.encode(empty)
    assert not used.any() and model.decode(z, used).abs().max() == 0
    assert model.encode(images(), k=7)[0].shape == (2, 7, 4)


def test_the_reference_is_leaky_throughout_the_latent_and_the_output_included():
    model = RECIPES["digits-paper"].build()
    assert isinstance(model.encoder.latents, torch.nn.LeakyReLU)
    layers = [m for m in model.modules() if isinstance(m, torch.nn.LeakyReLU)]
    assert len(layers) == 5 + 1 + 2 and {m.negative_slope for m in layers} == {0.2}
    z = torch.randn(3, 6)
    assert torch.allclose(model.g(z), as_released(model.g, z), atol=1e-5)


def test_images_of_any_number_type_are_taken():
    model = small()
    assert model((images() * 10).to(torch.uint8)).dtype == model(images().double()).dtype == torch.float32


def test_an_image_alone_is_decomposed_as_in_a_batch():
    model, x = small(PursuitEncoder), images(4)
    together, alone = model.encode(x)[0], model.encode(x[2:3])[0]
    assert torch.allclose(together[2:3], alone, atol=1e-5)


def test_smaller_images_are_padded_larger_ones_refused():
    model = small(PursuitEncoder)
    assert model(images()[:, :, :20, :24]).shape == (2, 1, 32, 32)
    with pytest.raises(BadInput, match="at most 32×32"):
        model(torch.zeros(1, 1, 40, 40))


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (torch.full((1, 1, 32, 32), float("nan")), "not finite"),
        (torch.full((1, 1, 32, 32), 11.0), "±10"),
        (torch.zeros(1, 3, 32, 32), r"\(B, 1, N, N\)"),
        (torch.zeros(32, 32), r"\(B, 1, N, N\)"),
    ],
)
def test_images_that_cannot_be_are_refused(bad, sentence):
    with pytest.raises(BadInput, match=sentence):
        small()(bad)


def test_k_and_latents_that_do_not_fit_are_refused():
    for k in (0, -1, 10**9):
        with pytest.raises(BadInput, match="from 1 to 1,024"):
            small(PursuitEncoder).encode(images(), k=k)
    with pytest.raises(BadInput, match="k = 3 blocks it was trained with"):
        small().encode(images(), k=4)
    with pytest.raises(BadInput, match=r"expected \(B, k, 4\)"):
        small().decode(torch.zeros(2, 3, 5))
    with pytest.raises(BadInput, match="d0"):
        AtomicAutoencoder(OneShotEncoder(3, 4, 32, BoundedLatents()), SeparableDecoder(5, 32))
    with pytest.raises(BadInput, match="multiple of 16"):
        SeparableDecoder(3, 100)
    with pytest.raises(BadInput, match="16, 32, 64, 128"):
        ReferenceDecoder(3, 96)


def test_bounded_latents_are_noisy_only_in_training():
    latents, raw = BoundedLatents(noise=0.1), torch.randn(100, 3)
    assert not torch.equal(latents.train()(raw), latents(raw))
    assert torch.equal(latents.eval()(raw), torch.tanh(raw))


def test_samples_fill_the_box_and_nothing_else():
    model, seeded = small(), lambda: torch.Generator().manual_seed(0)
    z = model.random_codes(2000, seeded(), blocks=2)
    assert z.shape == (2000, 2, 4) and z.abs().max() <= 1
    assert torch.allclose(z.mean((0, 1)), torch.zeros(4), atol=0.05)
    assert torch.allclose(z.var((0, 1)), torch.full((4,), 1 / 3), atol=0.02)
    new = model.sample(5, seeded())
    assert new.shape == (5, 1, 32, 32) and torch.equal(new, model.sample(5, seeded()))
    assert torch.allclose(new, model.decode(model.random_codes(5, seeded())))


def test_a_model_without_a_box_samples_from_a_range_that_it_is_given():
    torch.manual_seed(0)
    free = AtomicAutoencoder(OneShotEncoder(3, 2, 32, torch.nn.LeakyReLU(0.2)), SeparableDecoder(2, 32))
    generator, ranges = torch.Generator().manual_seed(0), torch.tensor([[-3.0, -2.0], [5.0, 9.0]])
    with pytest.raises(BadInput, match="not bounded"):
        free.sample(2, generator)
    z = free.random_codes(500, generator, ranges=ranges).flatten(0, 1)
    assert torch.allclose(torch.stack([z.amin(0), z.amax(0)], dim=1), ranges, atol=0.05)
    assert (z >= ranges[:, 0]).all() and (z <= ranges[:, 1]).all()
    for empty in (ranges.flip(1), ranges[:1], torch.tensor([[0.0, 1.0], [2.0, 2.0]])):
        with pytest.raises(BadInput, match="low < high"):
            free.sample(2, generator, ranges=empty)
    with pytest.raises(BadInput, match="count"):
        free.sample(0, generator, ranges=ranges)


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_jacobian_is_the_derivative_of_any_decoder(decoder):
    model, z = small(decoder=decoder), torch.rand(2, 4) - 0.5
    expected = torch.autograd.functional.jacobian(lambda one: model.g(one[None])[0, 0], z[0]).permute(2, 0, 1)
    assert expected.abs().max() > 0
    assert torch.allclose(model.jacobian(z)[0] / expected.abs().max(), expected / expected.abs().max(), atol=1e-4)


def test_misalignment_knows_orthogonal_from_turned():
    scores = {}
    for how in TURNS:
        model = told(DATA.held_out(1), how)
        z = 0.5 * torch.rand(16, 3, generator=torch.Generator().manual_seed(0)) - 0.25
        scores[how] = [float(misalignment(model, z, kind)) for kind in ("orthogonal", "scaling")]
    assert max(scores["aligned"] + scores["motions turned"]) < 1e-4
    assert min(scores["all turned"]) > 0.05


def test_latent_range_leaves_the_tails():
    z = torch.linspace(0, 1, 101).view(1, -1, 1).repeat(1, 1, 2)
    assert torch.allclose(latent_range(z, torch.ones(1, 101, dtype=torch.bool), 0.1), torch.tensor([[0.1, 0.9]] * 2))


def test_refinement_finds_the_truth_and_never_a_worse_fit():
    sample = DATA.held_out(12, seed=2)
    model = told(sample, "all turned")
    z, used = model.encode(sample.images)
    away = z + 0.02 * torch.randn(z.shape, generator=torch.Generator().manual_seed(0))

    def errors(z):
        return (sample.images - model.decode(z, used)).square().flatten(1).sum(1)

    assert (errors(model.refine(sample.images, away, 8, used)) < 1e-3 * errors(away)).all()
    far = torch.randn(z.shape, generator=torch.Generator().manual_seed(0))
    for steps in (0, 1, 5):
        assert (errors(model.refine(sample.images, far, steps, used)) <= errors(far)).all()
    with pytest.raises(BadInput, match="steps"):
        model.refine(sample.images, z, -1)


def test_refined_latents_stay_in_their_box():
    model = RECIPES["spikes-pursuit"].replace(data=DATA, encoder_options={"window": 18}).build().eval()
    images, z = DATA.held_out(3).images, 1.9 * torch.rand(3, 2, 3, generator=torch.Generator().manual_seed(0)) - 0.95
    assert model.refine(images, z, 4).abs().max() <= 1


def test_untied_decoders_draw_each_its_own_block():
    torch.manual_seed(0)
    gs = [SeparableDecoder(2, 32, rank=1, width=8, channels=4) for _ in range(3)]
    g, z = Untied(gs), torch.randn(6, 2)
    assert torch.allclose(g(z)[4], gs[1](z[4:5])[0], atol=1e-6)
    with pytest.raises(BadInput, match="all 3 blocks"):
        g(z[:4])


def test_terms_of_sparsity():
    z = torch.zeros(5, 3, 2)
    z[:, :, 0] = torch.tensor([3.0, 0, 4])
    assert sparsity(z, "coordinates") == 5 and sparsity(z, "blocks") == 7 and sparsity(0 * z, "blocks") == 0


def test_a_pursuit_has_neither_maximum_nor_penalty():
    with pytest.raises(BadInput, match="one-shot"):
        RECIPES["spikes-pursuit"].replace(combine="max").build()


@pytest.mark.parametrize("changes", [{"k": 0}, {"d0": 0}, {"k": -1}])
def test_knobs_that_cannot_be_are_refused(changes):
    with pytest.raises(BadInput, match="expected a whole number from 1"):
        PLAIN.replace(**changes).build()


def test_profiles_are_what_their_layers_say():
    for channels, doublings, size in ((8, 4, 32), (6, 3, 48)):
        stack = Profiles(10, channels, size // 2**doublings, 3, doublings)
        features = torch.randn(5, 10, requires_grad=True)
        fast, plain = stack(features), torch.nn.Sequential.forward(stack, features)
        assert fast.shape == (5, 3, size) and torch.allclose(fast, plain, atol=1e-5)
        gradients = [torch.autograd.grad(y.square().sum(), [features, *stack.parameters()]) for y in (fast, plain)]
        assert all(torch.allclose(a, b, rtol=1e-3, atol=1e-4) for a, b in zip(*gradients, strict=True))
        assert stack(features[:0]).shape == (0, 3, size)


@pytest.mark.parametrize("sigma", [0.5, 3.0, 30.0])
def test_a_blur_is_its_matrix(sigma):
    image = torch.rand(2, 1, 70, 45)
    rows, columns = (_blur_matrix(side, sigma) for side in (70, 45))
    assert torch.allclose(blur(image, sigma), rows @ image @ columns.T, atol=1e-5)


def test_the_noise_is_the_median_of_what_no_plane_passes():
    noise = 0.3 * torch.randn(3, 1, 40, 50, generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]])
    rough = torch.nn.functional.conv2d(noise, mask[None, None]).abs().flatten(1).median(dim=1).values
    assert torch.allclose(noise_level(noise), rough / (6 * 0.6745), rtol=1e-5)
    assert noise_level(noise).mean() == pytest.approx(0.3, rel=0.1)
