"""Serving under traffic: requests arrive one by one, take a free slot of a replica, and leave it when answered."""
