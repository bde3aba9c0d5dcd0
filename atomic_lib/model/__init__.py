"""The network of the paper: x̂ = Σᵢ g(zᵢ)."""
