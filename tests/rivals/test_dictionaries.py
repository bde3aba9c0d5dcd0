"""Dictionaries: they draw what they were fitted to, by few pictures; depth without a bend is no depth."""

import pytest
import torch
from stand_ins import seeded

from atomic_lib.data import Spikes
from atomic_lib.errors import BadInput
from atomic_lib.rivals import dictionaries, measures

DATA = Spikes(size=32, sigma=1.4, k=2)


def blobs(count, seed=0):
    """Images that are sums of two of four fixed pictures, with random positive weights: what a dictionary can draw."""
    pictures = torch.zeros(4, 16, 16)
    for i in range(4):
        pictures[i, 4 * i : 4 * i + 3, 2:14] = 1
    generator = seeded(seed)
    weights = torch.rand(count, 4, generator=generator)
    weights *= torch.rand(count, 4, generator=generator).argsort(dim=1) < 2
    return torch.einsum("bc,cxy->bxy", weights, pictures)[:, None]


@pytest.mark.slow
@pytest.mark.parametrize("kind", dictionaries.KINDS)
def test_images_of_few_pictures_are_drawn_and_given_codes_of_the_stated_length(kind):
    found = dictionaries.KINDS[kind](blobs(400), 8)
    images = blobs(50, seed=1)
    z = found.encode(images)
    assert z.shape == (50, 8) and found.decode(z).shape == images.shape
    assert found.error(images) < (0.25 if kind == "deep-dictionary" else 0.02)
    assert len(found.parts) == 8 and found.size == 16


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dictionary", "deep-dictionary"])
def test_an_image_uses_ten_pictures_at_most(kind):
    """Told nothing, scikit-learn takes a tenth of the pixels, here 102: the code would not be sparse."""
    found = dictionaries.KINDS[kind](DATA.batch(200, seeded()), 24)
    used = (found.encode(DATA.held_out(30).images) != 0).sum(dim=1)
    assert 0 < used.max() <= dictionaries.NONZERO


def test_nmf_codes_and_pictures_are_not_negative_and_pictures_have_length_one():
    found = dictionaries.nmf(DATA.batch(300, seeded()), 10)
    assert (found.encode(DATA.held_out(30).images) >= 0).all() and (found.layers[0] >= 0).all()
    norms = found.layers[0].norm(dim=1)
    assert torch.allclose(norms[norms > 0], torch.ones(int((norms > 0).sum())), atol=1e-4)


@pytest.mark.slow
def test_without_a_bend_a_deep_dictionary_is_one_dictionary(monkeypatch):
    images = DATA.held_out(20).images
    bent = dictionaries.deep(DATA.batch(300, seeded()), 6)
    monkeypatch.setattr(dictionaries, "SLOPE", 1.0)
    straight = dictionaries.deep(DATA.batch(300, seeded()), 6)
    one, two, three = straight.layers
    z = straight.encode(images)
    assert torch.allclose(straight.decode(z).flatten(1), z @ (one @ two @ three), atol=1e-4)
    monkeypatch.undo()
    z, (one, two, three) = bent.encode(images), bent.layers
    assert not torch.allclose(bent.decode(z).flatten(1), z @ (one @ two @ three), atol=1e-2)
    assert not bent.additive


@pytest.mark.slow
def test_a_plain_dictionary_adds_up_and_a_deep_one_does_not():
    images = blobs(64, seed=2)
    for kind, adds in (("nmf", True), ("dictionary", True), ("deep-dictionary", False)):
        found = dictionaries.KINDS[kind](blobs(400), 6)
        interaction = measures.recombined(found, found.encode(images))["interaction"]
        assert (interaction < 1e-4) == adds == found.additive, kind


def test_a_fit_is_recorded_and_repeated():
    recipe = dictionaries.DictionaryRecipe("small-nmf", DATA, "nmf", k=2, d0=3, images=200)
    first, again = (dictionaries.Fitting(recipe, seed=1).run() for _ in range(2))
    assert first["metrics"] == again["metrics"]
    assert first["parameters"] == 6 * 32 * 32 and first["recipe"]["kind"] == "nmf"
    assert dictionaries.Fitting(recipe, seed=2).run()["metrics"] != first["metrics"]


def test_bad_input_is_told():
    with pytest.raises(BadInput, match="more images than pictures"):
        dictionaries.nmf(blobs(3), 8)
    with pytest.raises(BadInput, match="below 0"):
        dictionaries.nmf(blobs(30) - 0.5, 4)
    with pytest.raises(BadInput, match="choose one of nmf"):
        dictionaries.DictionaryRecipe("x", DATA, "pca", 1, 1)
    for asked in ("atoms", "decompose", "jacobian"):
        with pytest.raises(BadInput, match="no blocks and no atoms"):
            getattr(dictionaries.nmf(blobs(30), 4), asked)(blobs(1))
    with pytest.raises(BadInput, match="pixels a side"):
        dictionaries.nmf(blobs(30), 4).encode(torch.zeros(1, 1, 8, 8))
