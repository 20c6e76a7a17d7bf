"""Registers what the ground floor adds to the back office."""

from catalogue import registers as catalogue
from cms.registers import register_registers
from forms import registers as forms

register_registers([*catalogue.REGISTERS, *forms.REGISTERS])
