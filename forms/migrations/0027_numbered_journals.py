"""From when on a journal gives numbers."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake_forms', '0026_booking_moved'),
    ]

    operations = [
        migrations.AddField(
            model_name='register',
            name='numbered_since',
            field=models.DateTimeField(blank=True, help_text='Cases received from then on get a number by centre and year, without gaps. Empty: it is not numbered.', null=True, verbose_name='numbered since'),
        ),
    ]
